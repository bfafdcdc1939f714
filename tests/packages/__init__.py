"""What is released: the files of the wheel and sdist, and environments that the wheel is installed into."""
