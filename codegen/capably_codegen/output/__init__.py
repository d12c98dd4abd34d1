"""What happens to generated text: it is formatted, compared with the disk, and written in one step."""
