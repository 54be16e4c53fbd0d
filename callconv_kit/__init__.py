"""Prepare call conversions for impact.com's FTP import."""
