"""Tools that measure and stress the whole program; run by hand or by the continuous integration."""
