"""What reaches the terminal: text from files shown as text, and streams that lose nothing."""
