"""Who is on call at a moment."""
