"""Accuracy and speed of the fax reader, on pages sent through the simulator."""
