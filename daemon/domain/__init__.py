"""The rules: courses, lifecycle, deadlines, acceptance, reminders. Pure: no I/O, no clock, no settings."""
