"""What a release ships beside the bundle: the example profiles and the page of signatures."""
