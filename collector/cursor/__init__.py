"""The vendor's API: bytes in `client`, meaning in `records`."""
