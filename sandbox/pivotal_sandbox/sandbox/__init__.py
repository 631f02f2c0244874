"""The sandbox: the sender, the receiver and their store as one object."""
