"""The admin as part of the site: its front page by task, its look, and how its pages are reached."""
