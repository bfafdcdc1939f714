"""`python -m cfops`."""

from cfops import main

main()
