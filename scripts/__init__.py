"""What people run: the command line, the demonstration, benchmarks, tools of the project."""
