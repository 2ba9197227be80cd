"""Networks and light statistics: pixels in, scores out, and the verdict over them."""
