"""The HTTP side on one port: the results API, the page for people, and the tester's controls.

Starlette and uvicorn are loaded when a server with HTTP starts, and not before.
"""
