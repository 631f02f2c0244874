"""The battery: genuine and hostile traffic that grades a receiver."""
