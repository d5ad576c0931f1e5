{{ definition('queue_priorities') }}
