"""Published rates of real devices beside the module that stands for their class."""
