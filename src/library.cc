// The shared library has no code of its own: it is the modules of this folder, linked whole.
