@rem npm runs scripts with cmd on Windows, which finds here what `exec` is to a Unix shell.
@%*
