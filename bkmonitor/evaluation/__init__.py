"""Judge a source at one moment and give a verdict per series."""
