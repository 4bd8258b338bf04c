"""What trials, screens of drug pairs and the literature say of a tumour's alterations; never part of a prediction."""
