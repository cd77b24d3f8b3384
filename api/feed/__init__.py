"""The public log (C2SP tlog-tiles), the supervisors' entry feed and their cosignatures."""
