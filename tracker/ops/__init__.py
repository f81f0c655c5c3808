"""What operators and their machines ask: is it up, how fresh is it, what does it do, what is wrong."""
