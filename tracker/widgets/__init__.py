"""Tables, charts, cells, formats and colours that pages are made of."""
