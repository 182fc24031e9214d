-- No main: the file itself is the program.
print("plain")
