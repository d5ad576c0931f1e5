"""What a definition for a folder of exports as it came would be.

    parts: what is there: files, sheets and members, each with its header and values.
    tables: which table each is. columns: which heading is which column.
    statuses: what each status means. people: users, mailboxes, sources.
    run_settings: time zone, order of days, encoding, currency, hand-off.
    asking: what is not sure is asked. writing: the DEFINITION folder.
    showing: how it looks. definition: one after the other.

Nothing here writes below the landing folder.
"""
