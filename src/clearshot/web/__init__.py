"""The local page of `clearshot review`: looks at photos, decides, applies and undoes plans.

Needs the extra `web`. Letters in shapes: H rows, W columns of pixels.
"""
