"""`parley chat`: the screen, driven by Textual's pilot and in a pseudo-terminal."""
