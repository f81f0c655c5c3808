"""How well detection does on made-up companies whose true incidents are known: the `score` command."""
