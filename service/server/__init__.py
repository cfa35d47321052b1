"""The application behind a listening socket: uvicorn, its processes, and how files reach the socket."""
