"""Tools that measure and stress the whole: they are run by hand or by the continuous integration."""
