"""Tables, migrations, the unit of work, the log's files. The only room that knows SQLAlchemy."""
