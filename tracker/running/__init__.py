"""Starting the product on one machine: its processes, its demo, its schedule."""
