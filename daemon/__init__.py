"""meibod (名簿デーモン): sends rosters, reads what comes back, keeps every trainee's state with its evidence."""
