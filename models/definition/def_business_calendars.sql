{{ definition('business_calendars') }}
