"""What goes over the wire: request and response models, shared by the service and those who call it."""
