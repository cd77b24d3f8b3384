"""Tables, migrations, the unit of work and the files of the log. The only room that knows SQLAlchemy."""
