"""A mock of impact.com's call-conversion import server, for trying deliveries on one's own machine."""
