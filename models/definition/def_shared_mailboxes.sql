{{ definition('shared_mailboxes') }}
