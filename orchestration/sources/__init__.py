"""Reading exports: folders, files, formats, and the list of raw tables."""
