"""The pages that a browser is shown: what is stored, to look through and to look at.

Written by the server, so that they work without scripts; those add what only they can do: search as you
type, scrolling through a stack, dragging a window, uploads. All links are relative, so that the pages may lie
under any prefix of any proxy, and nothing is ever fetched from elsewhere.
"""
