"""What a command says, as blocks that a terminal and an HTML page both show.

`blocks` is what there is to say, `terminal` and `html` are the two media, and
`files` writes a page. A command returns a `Document`, so there is one text.
"""
