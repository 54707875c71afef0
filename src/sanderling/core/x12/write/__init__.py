"""Write X12 005010 transaction sets from frozen dataclasses: the opposite of the readers.

Every writer answers canonical segments (see `segments`); `envelope.render_interchange` frames
them with control numbers and the delimiters of one trading partner.
"""
