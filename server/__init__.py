"""What stands in front of the pages: doors, headers, signing in and out."""
