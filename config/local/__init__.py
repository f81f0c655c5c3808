"""What settings read of the machine: variables, keys, the directory for data, the version."""
