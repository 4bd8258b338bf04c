"""Studies of cBioPortal: a folder of files that belong together."""
