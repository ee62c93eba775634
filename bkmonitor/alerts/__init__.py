"""Problems on series, from start to end."""
