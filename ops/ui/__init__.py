"""All that people see: tables, colour, progress, questions."""
