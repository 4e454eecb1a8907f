from trulybot.cli import main

main()
